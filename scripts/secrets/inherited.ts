/** Where programs, folders, proxies and trusted certificates are; nothing here is a secret. */
const NAMES = [
  "PATH",
  "HOME",
  "TMPDIR",
  "LANG",
  "USER",
  "PULUMI_HOME",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "NODE_COMPILE_CACHE",
  "NODE_COMPILE_CACHE_PORTABLE",
  "SystemRoot",
  "USERPROFILE",
];

/** What every child process gets of this process's environment, whatever else it is given. */
export function inherited(): Record<string, string> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = process.env[name];
      return value ? [[name, value]] : [];
    }),
  );
}
