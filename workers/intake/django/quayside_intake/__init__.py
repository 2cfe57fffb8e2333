"""The application's side of the intake Worker: takes its deliveries, each message once."""
