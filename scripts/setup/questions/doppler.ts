import { clients } from "../clients.ts";
import type { Question } from "../question.ts";
import { inspectDopplerToken } from "../tokens/doppler.ts";

export const dopplerToken: Question = {
  name: "doppler-token",
  text: "A personal token of Doppler",
  purpose:
    "It makes the project of the app's own secrets, with a config and a service token for each stack. It is used now and kept nowhere. Without one, the app gets no secrets from Doppler.",
  link: "https://dashboard.doppler.com/workplace/tokens/personal",
  secret: true,
  optional: true,
  check: (bench, token) => inspectDopplerToken(clients.doppler(bench, token)),
};
