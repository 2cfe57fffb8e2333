import type { PullRequestEvent } from "../github/event.ts";

/**
 * Why a pull request's run can't open anything, where that is how GitHub has it and no mistake: such a run ends well, and
 * says how somebody who may do more gets the preview.
 * https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
 *
 * @param env `ACTIONS_ID_TOKEN_REQUEST_URL` is there where GitHub gives the run an identity, and `HCLOUD_TOKEN` where it keeps the
 * secrets itself and gives them to the run
 */
export function noPreview(
  pull: PullRequestEvent | undefined,
  env: NodeJS.ProcessEnv,
): { outcome: "fork" | "no-identity"; text: string } | undefined {
  if (pull?.isFork)
    return {
      outcome: "fork",
      text: "This pull request comes from a fork, so it gets no credentials and no preview. A maintainer previews it by pushing its branch to this repository.",
    };
  const isDependabot = pull?.author === "dependabot[bot]" || pull?.actor === "dependabot[bot]";
  const mayOpen = env.PULUMI_ORG ? env.ACTIONS_ID_TOKEN_REQUEST_URL : env.HCLOUD_TOKEN;
  if (isDependabot && !mayOpen)
    return {
      outcome: "no-identity",
      text: "GitHub gives this run of Dependabot's no identity and no secrets, so it gets no credentials and no preview. Close the pull request and open it again: the run is yours then.",
    };
  return undefined;
}
