import type { LogLevel } from "../../src/viewer/LogLevel.ts"

/** How grave a line is, in a word and a colour; nothing where it does not say. */
export const Level = ({ level }: { readonly level: LogLevel | undefined }) =>
  level === undefined ? <span class="level" /> : <span class={`level l-${level}`}>{level.toUpperCase()}</span>
