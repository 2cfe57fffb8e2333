import type { Question } from "./question.ts";
import { cloudflarePreviewToken, cloudflareToken } from "./questions/cloudflare.ts";
import { dopplerToken } from "./questions/doppler.ts";
import { edgePreviewToken } from "./questions/edge-preview.ts";
import { githubToken, repository, reviewers } from "./questions/github.ts";
import { hetznerPreviewToken, hetznerToken } from "./questions/hetzner.ts";
import { home, pulumiOrganization, pulumiToken } from "./questions/home.ts";
import { neonKey } from "./questions/neon.ts";
import { adminRanges, domain, image, location, serverType } from "./questions/stacks.ts";

/** Everything that the set-up may ask, in about the order in which it does. */
export const QUESTIONS: readonly Question[] = [
  repository,
  githubToken,
  home,
  pulumiToken,
  pulumiOrganization,
  domain,
  cloudflareToken,
  cloudflarePreviewToken,
  hetznerToken,
  hetznerPreviewToken,
  neonKey,
  dopplerToken,
  edgePreviewToken,
  location,
  serverType,
  image,
  adminRanges,
  reviewers,
];
