import type { Chapter, Memory } from "../chapter.ts";
import { asksPerson } from "./asks-person.ts";
import { originBack } from "./origin-back.ts";
import { originDies } from "./origin-dies.ts";
import { poisonMessage } from "./poison-message.ts";
import type { Sent } from "./sender.ts";

/** What scenes of this chapter hand on to later ones. */
export interface IntakeMemory extends Memory {
  /** What was answered 202 or 303 while the origin was dead, in the order in which it was sent. */
  sent: Sent[];
  /** The text of a file that went with one of them. */
  file?: string;
}

export const intake: Chapter<IntakeMemory> = {
  name: "intake",
  title: "No message is lost",
  tells:
    "The server dies and nobody who fills in the form notices. When it is back all messages arrive, once and in order. One that the app can't take is parked, looked at, and delivered again. Then the form asks for a person.",
  remember: (played) => ({ played, sent: [] }),
  scenes: [originDies, originBack, poisonMessage, asksPerson],
};
