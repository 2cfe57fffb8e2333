/** The example's addresses, as a visitor knows them. */
export const HOSTS = {
  dev: {
    www: "https://www-dev.example.com",
    app: "https://app-dev.example.com",
    status: "https://status-dev.example.com",
  },
  prod: {
    www: "https://www.example.com",
    app: "https://app.example.com",
    status: "https://status.example.com",
  },
} as const;
