import { posix } from "node:path";
import type { Files } from "./write.ts";

const icon = (name: string) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <title>${name}</title>
  <style>
    circle { fill: #0d5767 }
    @media (prefers-color-scheme: dark) { circle { fill: #7fcbd8 } }
  </style>
  <circle cx="16" cy="16" r="12"/>
</svg>
`;

const STYLE = `:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f3ec, #0b1a22);
  --ink: light-dark(#13262f, #e6edee);
  --sea: light-dark(#0d5767, #7fcbd8);
}

* {
  box-sizing: border-box;
}

html {
  background: var(--paper);
  color: var(--ink);
  font-family: system-ui, sans-serif;
  font-size: 1.0625rem;
  line-height: 1.55;
  -webkit-text-size-adjust: 100%;
}

body {
  max-width: 42rem;
  margin: 0 auto;
  padding: clamp(1.5rem, 6vw, 4rem) 1.25rem;
}

h1 {
  line-height: 1.15;
}

a {
  color: var(--sea);
}

:focus-visible {
  outline: 3px solid var(--sea);
  outline-offset: 3px;
}
`;

/**
 * The files of a new site. The stack makes a Pages project and a host of its name for it; the deployment, previews and the
 * tests of all sites find it by its folder.
 *
 * @param securityTxt that of another site of the repository, whose contact and date hold for this one too
 * @param project the folder of its project, relative to the repository; empty for the root's
 */
export function siteFiles(name: string, securityTxt: string | undefined, project = ""): Files {
  const folder = posix.join(project, "sites", name);
  const suffix = project ? `-${posix.basename(project)}` : "";
  return {
    [`${folder}/index.html`]: page({
      title: name,
      head: `\n    <meta name="description" content="The site ${name}.">`,
      body: `<h1>${name}</h1>\n      <p>This is the site <code>${name}</code>. Its words stand in <code>${folder}/index.html</code>.</p>`,
    }),
    [`${folder}/404.html`]: page({
      title: `Not found · ${name}`,
      head: `\n    <meta name="robots" content="noindex">`,
      body: `<h1>There is nothing here.</h1>\n      <p><a href="/">To the beginning</a></p>`,
    }),
    [`${folder}/style.css`]: STYLE,
    [`${folder}/favicon.svg`]: icon(name),
    [`${folder}/robots.txt`]: "User-agent: *\nAllow: /\n",
    ...(securityTxt
      ? {
          [`${folder}/.well-known/security.txt`]: securityTxt.replace(
            /^Canonical: https:\/\/[^.]+\./m,
            `Canonical: https://${name}${suffix}.`,
          ),
        }
      : {}),
    [`${folder}/_headers`]: `# https://developers.cloudflare.com/pages/configuration/headers/
# Strict-Transport-Security is set for the whole zone by infra/.
/*
  Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
  X-Content-Type-Options: nosniff
  Referrer-Policy: strict-origin-when-cross-origin
  Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
  Cross-Origin-Opener-Policy: same-origin

# What runs here, for everybody who asks.
/release.json
  Access-Control-Allow-Origin: *
  Cache-Control: no-store

# Copies for pull requests are nobody's search result.
https://:copy.pages.dev/*
  X-Robots-Tag: noindex
https://:version.:copy.pages.dev/*
  X-Robots-Tag: noindex
`,
  };
}

function page({ title, head, body }: { title: string; head: string; body: string }): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>${head}
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <main>
      ${body}
    </main>
  </body>
</html>
`;
}
