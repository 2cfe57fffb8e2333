import type { Hono } from "hono";
import { ok, page, param } from "../envelope.ts";
import type { CloudState } from "../state.ts";
import { tokenOf } from "./auth.ts";

/** Tokens, the user, accounts and memberships: what clients ask to find out who they are. */
export function account(api: Hono, state: CloudState): void {
  const document = {
    id: state.accountId,
    name: state.accountName,
    type: "standard",
    settings: { enforce_twofactor: false },
    created_on: "2026-01-01T00:00:00.000000Z",
  };
  const message = { code: 10000, message: "This API Token is valid and active", type: null };
  for (const path of ["/user/tokens/verify", "/accounts/:account/tokens/verify"])
    api.get(path, (c) => {
      const token = tokenOf(state, c);
      const result = { id: token?.id, status: token?.status, expires_on: token?.expiresOn };
      return c.json({ success: true, errors: [], messages: [message], result });
    });
  // Who may see these holds a token that no stack needs.
  api.get("/user/tokens", (c) => page(c, []));
  api.get("/accounts/:account/members", (c) => page(c, []));
  api.get("/user", (c) =>
    ok(c, { id: state.accountId, email: "team@example.com", two_factor_authentication_enabled: true }),
  );
  api.get("/accounts", (c) => page(c, [document]));
  api.get("/accounts/:account", (c) => ok(c, { ...document, id: param(c, "account") }));
  api.get("/memberships", (c) =>
    page(c, [
      {
        id: state.accountId,
        status: "accepted",
        account: document,
        roles: ["Administrator"],
        permissions: {},
      },
    ]),
  );
}
