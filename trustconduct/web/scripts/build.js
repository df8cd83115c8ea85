// Builds what the pages load into static/build/. Run by `npm run build`.
//
// Names are stable; manifest.json holds a hash of each file's content, and
// `asset()` puts it behind the name (?v=…), so a browser may keep a file for a
// year and still see a new one at once. The typeface's address inside the
// stylesheet carries the same hash: without it the preload and the stylesheet
// would fetch the typeface twice.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as sass from "sass";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const root = join(web, "..", "..");
const out = join(web, "static", "build");
const typeface = dirname(
  createRequire(import.meta.url).resolve("@fontsource-variable/figtree/package.json"),
);
const manifest = {};

function put(name, content) {
  const bytes = Buffer.from(content);
  manifest[name] = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  writeFileSync(join(out, name), bytes);
  if (/\.(css|js|svg)$/.test(name)) {
    writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    writeFileSync(
      join(out, `${name}.br`),
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    );
  }
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

for (const part of ["latin", "latin-ext"]) {
  put(
    `figtree-${part}.woff2`,
    readFileSync(join(typeface, "files", `figtree-${part}-wght-normal.woff2`)),
  );
}
put("figtree-licence.txt", readFileSync(join(typeface, "LICENSE")));
for (const name of ["noto-urdu.woff2", "noto-urdu-licence.txt"]) {
  put(name, readFileSync(join(web, "fonts", name)));
}
put("icon.svg", readFileSync(join(web, "static", "icon.svg")));
for (const script of ["app.js", "work.js"]) put(script, readFileSync(join(web, "scripts", script)));

// Left and right become start and end, govuk-frontend's own rules as well, so that a page
// in Urdu stands the right way round.
function logical(css) {
  return css
    .replace(/\b(margin|padding|border)-left\b/g, "$1-inline-start")
    .replace(/\b(margin|padding|border)-right\b/g, "$1-inline-end")
    .replace(/\b(text-align|float|clear):left\b/g, (_, name) => `${name}:${name === "text-align" ? "" : "inline-"}start`)
    .replace(/\b(text-align|float|clear):right\b/g, (_, name) => `${name}:${name === "text-align" ? "" : "inline-"}end`)
    .replace(/([{;])left:/g, "$1inset-inline-start:")
    .replace(/([{;])right:/g, "$1inset-inline-end:");
}

for (const sheet of ["app", "work"]) {
  const { css } = sass.compile(join(web, "styles", `${sheet}.scss`), {
    style: "compressed",
    charset: false,
    loadPaths: [join(root, "node_modules")],
    quietDeps: true,
  });
  put(
    `${sheet}.css`,
    logical(css).replace(/url\("?([\w-]+\.woff2)"?\)/g, (_, name) => `url(${name}?v=${manifest[name]})`),
  );
}

writeFileSync(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
