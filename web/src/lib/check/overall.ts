/** From twenty outcomes to the one sentence a person needs. */
import type { CheckId, CheckState, CheckTextKey } from "./types";

export type Verdict = "idle" | "running" | "ready" | "limited" | "blocked";

export interface Overall {
  readonly verdict: Verdict;
  /** The checks that decide the verdict, worst first. */
  readonly because: readonly CheckId[];
}

/** Fails without which no call comes about, in the order in which to mend them. */
const BLOCKS_WHEN_FAILED: readonly CheckId[] = ["secure-context", "apis", "peer-connection", "codecs", "websocket", "stun"];

/**
 * What a call can do without, but a person notices, in the order in which to mend them. A warning counts only where
 * `warn` says so: a single relay transport that is shut, or a missing convenience, does not keep anybody from a good call.
 */
const LIMITS: readonly { id: CheckId; warn: boolean }[] = [
  { id: "permissions", warn: true },
  { id: "microphone", warn: true },
  { id: "camera", warn: true },
  { id: "speaker", warn: true },
  { id: "devices", warn: true },
  { id: "turn-udp", warn: false },
  { id: "turn-tcp", warn: false },
  { id: "turn-tls", warn: false },
  { id: "stun", warn: false },
  { id: "browser", warn: true },
  { id: "peer-connection", warn: true },
  { id: "websocket", warn: true },
  { id: "codecs", warn: true },
  { id: "screen-share", warn: false },
];

/** What each deciding check means for the call, as the end of "You can call, but …" and "Calls will not work: …". */
export const CLAUSES: Readonly<Partial<Record<CheckId, CheckTextKey>>> = {
  "secure-context": "clause.secure-context",
  apis: "clause.apis",
  "peer-connection": "clause.peer-connection",
  codecs: "clause.codecs",
  websocket: "clause.websocket",
  stun: "clause.stun",
  permissions: "clause.permissions",
  microphone: "clause.microphone",
  camera: "clause.camera",
  speaker: "clause.speaker",
  devices: "clause.devices",
  "turn-udp": "clause.turn",
  "turn-tcp": "clause.turn",
  "turn-tls": "clause.turn",
  browser: "clause.browser",
  "screen-share": "clause.screen-share",
};

export function overall(states: readonly CheckState[]): Overall {
  const status = new Map(states.map((state) => [state.id, state.status]));
  const blocking = BLOCKS_WHEN_FAILED.filter((id) => status.get(id) === "fail");
  const limiting = LIMITS.filter(({ id, warn }) => {
    const found = status.get(id);
    return (found === "fail" && !blocking.includes(id)) || (warn && found === "warn");
  }).map(({ id }) => id);
  if (states.some(({ status: found }) => found === "running")) return { verdict: "running", because: [] };
  if (states.length === 0 || states.some(({ status: found }) => found === "pending")) return { verdict: "idle", because: [] };
  if (blocking.length > 0) return { verdict: "blocked", because: [...blocking, ...limiting] };
  if (limiting.length > 0) return { verdict: "limited", because: limiting };
  return { verdict: "ready", because: [] };
}
