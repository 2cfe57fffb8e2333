import { program } from "./program.ts";

/** What the stock `pulumi` command runs; the pipeline calls {@link program} in its own process. */
export default () => program();
