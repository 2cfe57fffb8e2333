/**
 * The Worker as it is, on a clock that runs CLOCK_SPEED times as fast as the real one: the load test lives through an hour of
 * outage in less than a minute. Alarms are the platform's own, set at the real time at which the fast clock will be there.
 */
import { env } from "cloudflare:workers";
import worker, { Outbox as RealOutbox } from "../src/index.ts";

interface Clock {
  /** Milliseconds since 1970, at which both clocks say the same. */
  CLOCK_START: number;
  CLOCK_SPEED: number;
}
const bindings: typeof env & Partial<Clock> = env;
const { CLOCK_START: start = 0, CLOCK_SPEED: speed = 1 } = bindings;
const realNow = Date.now;
Date.now = () => Math.floor(start + (realNow() - start) * speed);

export class Outbox extends RealOutbox {
  constructor(ctx: DurableObjectState, env: ConstructorParameters<typeof RealOutbox>[1]) {
    super(withFastAlarms(ctx), env);
  }
}

function withFastAlarms(ctx: DurableObjectState): DurableObjectState {
  const { storage } = ctx;
  const setAlarm = storage.setAlarm.bind(storage);
  const getAlarm = storage.getAlarm.bind(storage);
  Object.defineProperties(storage, {
    setAlarm: { value: (at: number) => setAlarm(Math.ceil(start + (at - start) / speed)) },
    getAlarm: {
      value: async () => {
        const at = await getAlarm();
        return at === null ? null : start + (at - start) * speed;
      },
    },
  });
  return ctx;
}

export default worker;
