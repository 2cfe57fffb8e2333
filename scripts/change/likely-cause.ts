/** Why a preview failed, as far as its message tells, and what to do. */
export interface LikelyCause {
  cause: string;
  fix: string;
}

/** The first row whose pattern fits speaks. Sources: the engine's, the providers' and the clouds' own words. */
const CAUSES: readonly (LikelyCause & { pattern: RegExp })[] = [
  {
    pattern: /cannot be deleted\s+because it is protected|currently marked for protection/i,
    cause: "The change would delete or replace a resource that is protected.",
    fix: "If it shall go: drop its protection in a pull request of its own, merge that, then bring this one up to date.",
  },
  {
    pattern: /incorrect passphrase|passphrase must be set/i,
    cause: "The stack's secrets can't be read with this passphrase.",
    fix: "Put the stack's own passphrase into its ESC environment as PULUMI_CONFIG_PASSPHRASE.",
  },
  {
    pattern:
      /stack is currently locked|the stack is locked|conflict: Another update is currently in progress/i,
    cause: "Another update holds the stack's lock.",
    fix: "Wait until it is done and run this again; if its job was killed, docs/playbook.md says how to free the stack.",
  },
  {
    pattern:
      /missing required configuration variable|configuration key .* (is )?(missing|required)|Pulumi\.\w+\.yaml/i,
    cause: "The stack's configuration lacks a value, or has a wrong one.",
    fix: "Set it in infra/Pulumi.<stack>.yaml; the message names the key.",
  },
  {
    pattern:
      /unsupported location for server type|server type .* (not (available|offered|found)|unavailable)|resource_unavailable/i,
    cause: "Hetzner does not offer this server type in this location now.",
    fix: "Choose another serverType or location in the stack's configuration.",
  },
  {
    pattern: /uniqueness_error|is already used|already exists/i,
    cause: "Something of this name exists at the provider and is not in the stack's state.",
    fix: "Import it into the stack, rename the resource, or delete the other one by hand if nobody needs it.",
  },
  {
    pattern: /rate.?limit|too many requests|\b429\b/i,
    cause: "The provider refused because of too many calls.",
    fix: "Run it again in a few minutes.",
  },
  {
    pattern:
      /unauthori[sz]ed|invalid (api )?token|authentication (error|failed)|unable to authenticate|\b401\b|\(10000\)/i,
    cause: "The provider did not accept the token.",
    fix: "Renew the token in the stack's ESC environment; it may be expired, revoked, or of another account.",
  },
  {
    pattern: /forbidden|permission|insufficient|\b403\b|\(9109\)/i,
    cause: "The token is known but may not do this.",
    fix: "Compare the token's permissions with the list in the README; previews use a token that only reads.",
  },
  {
    pattern:
      /no (resource )?plugin|could not (find|download) plugin|failed to load plugin|error downloading plugin/i,
    cause: "A provider plugin is not installed and could not be downloaded.",
    fix: "Run it again; if it stays, see whether this machine reaches Pulumi's download host.",
  },
  {
    pattern: /pending operations/i,
    cause: "An earlier update was interrupted and left operations of which nobody knows how they ended.",
    fix: "Run the recovery that the playbook describes, then this again.",
  },
  {
    pattern:
      /ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|connection (refused|reset)|no such host|i\/o timeout|socket hang up/i,
    cause: "A provider's API could not be reached.",
    fix: "Look at the provider's status page and run it again.",
  },
  {
    pattern: /violates plan/i,
    cause: "The update would do something else than the plan that was saved with the preview.",
    fix: "Preview again and have the new change reviewed.",
  },
  {
    pattern: /unhandled exception|TypeError|ReferenceError|SyntaxError|is not a function|cannot find module/i,
    cause: "The infrastructure program itself stopped with an error.",
    fix: "Mend it in infra/; `npm test` and the type checker show most of these without a preview.",
  },
];

export function likelyCause(message: string): LikelyCause | undefined {
  const found = CAUSES.find(({ pattern }) => pattern.test(message));
  return found ? { cause: found.cause, fix: found.fix } : undefined;
}
