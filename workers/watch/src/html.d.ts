/** wrangler bundles HTML files as text: https://developers.cloudflare.com/workers/wrangler/bundling/ */
declare module "*.html" {
  const text: string;
  export default text;
}
