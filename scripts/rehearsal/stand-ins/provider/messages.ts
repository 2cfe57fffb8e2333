import providerpb from "@pulumi/pulumi/proto/provider_pb.js";
import type { AutoName } from "./auto-name.ts";
import type { CheckFailure } from "./check.ts";
import type { Difference, PropertyDifference } from "./diff.ts";

export const { DIFF_NONE, DIFF_SOME } = providerpb.DiffResponse.DiffChanges;

/** What a check says of how to name a resource; `name` is its logical name, which older engines do not send. */
export function autoNameOf(request: providerpb.CheckRequest, name: string): AutoName {
  const { Mode } = providerpb.CheckRequest.AutonamingOptions;
  const options = request.getAutonaming();
  const auto: AutoName = { logicalName: request.getName() || name, seed: request.getRandomseed_asU8() };
  if (!options) return auto;
  const mode = { [Mode.PROPOSE]: "propose", [Mode.ENFORCE]: "enforce", [Mode.DISABLE]: "disable" } as const;
  return { ...auto, configured: { mode: mode[options.getMode()], name: options.getProposedName() } };
}

export function failureMessage(found: CheckFailure): providerpb.CheckFailure {
  const message = new providerpb.CheckFailure();
  message.setProperty(found.property);
  message.setReason(found.reason);
  return message;
}

export function diffResponse(found: Difference): providerpb.DiffResponse {
  const response = new providerpb.DiffResponse();
  response.setChanges(found.details.size > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList(found.changed);
  response.setReplacesList(found.replaces);
  response.setStablesList(found.stables);
  response.setDeletebeforereplace(found.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  for (const [path, detail] of found.details) {
    const message = new providerpb.PropertyDiff();
    message.setKind(kindOf(detail));
    message.setInputdiff(detail.fromInput);
    response.getDetaileddiffMap().set(path, message);
  }
  return response;
}

function kindOf(detail: PropertyDifference): providerpb.PropertyDiff.Kind {
  const { Kind } = providerpb.PropertyDiff;
  switch (detail.kind) {
    case "add":
      return detail.replaces ? Kind.ADD_REPLACE : Kind.ADD;
    case "update":
      return detail.replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
    case "delete":
      return detail.replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
  }
}
