/**
 * The hosts of the stack that this copy of the page belongs to: `status-dev.example.com` is beside `app-dev.example.com`
 * and `www-dev.example.com`. Undefined for a copy that has no stack, such as a preview.
 *
 * @param {string} host with its port, if it has one
 */
export function hostsBeside(host) {
  const [, suffix = "", zone] = /^status(-[a-z\d-]+)?\.(.+\..+)$/.exec(host) ?? [];
  if (!zone || /\.pages\.dev$/.test(host)) return undefined;
  return { app: `app${suffix}.${zone}`, www: `www${suffix}.${zone}`, status: host };
}
