/**
 * What sound spans have in common, whatever program they come from.
 *
 * ```ts
 * yield* SpanTree.expectSound()                                              // this test's spans
 * yield* SpanTree.expectSoundSpans(yield* collector.spans, SpanRules.whole)  // those of several services
 * yield* SpanTree.expectSound([...SpanRules.without("few names"), SpanRules.noSecrets("hunter2")])
 * ```
 *
 * A rule speaks only of what it can know: what is not among the spans it is
 * given is not judged. No rule says that a span should be there; that is for
 * `SpanTree.expect`.
 */
import type { SpanData } from "../model/SpanData.ts"
import * as Trace from "../model/Trace.ts"
import * as Boundary from "./BoundaryRules.ts"
import * as Content from "./ContentRules.ts"
import * as Family from "./FamilyRules.ts"
import { Evidence, type Problem, type SpanRule } from "./SpanRule.ts"

export {
  everyRequestServed,
  joinedMessage,
  joinedRequest,
  keptState,
  oneContextHeader,
  toldOnce
} from "./BoundaryRules.ts"
export {
  errorTypes,
  failureToldOnce,
  fewNames,
  interruptionIsNoError,
  namedService,
  noSecrets,
  rightKind,
  timesInOrder
} from "./ContentRules.ts"
export {
  allEnded,
  attemptsTogether,
  noCircle,
  noOrphan,
  ownTenant,
  uniqueIds,
  validIds,
  wholeTrace
} from "./FamilyRules.ts"
export { type Evidence, ofEach, type Problem, type SpanRule } from "./SpanRule.ts"

/** The rules for the spans of one process, or of some of many. */
export const process: ReadonlyArray<SpanRule> = [
  Family.validIds,
  Family.uniqueIds,
  Family.noCircle,
  Family.allEnded,
  Family.noOrphan,
  Family.ownTenant,
  Family.attemptsTogether,
  Boundary.keptState,
  Boundary.joinedMessage,
  Boundary.joinedRequest,
  Boundary.toldOnce,
  Boundary.oneContextHeader,
  Content.timesInOrder,
  Content.rightKind,
  Content.fewNames,
  Content.errorTypes,
  Content.interruptionIsNoError,
  Content.failureToldOnce,
  Content.noSecrets()
]

/** Beside those, the rules for spans of which every service of their traces has sent its own. */
export const whole: ReadonlyArray<SpanRule> = [
  ...process,
  Family.wholeTrace,
  Boundary.everyRequestServed,
  Content.namedService
]

/** The rules of {@link process} but for those with these names. */
export const without = (...names: ReadonlyArray<string>): ReadonlyArray<SpanRule> =>
  process.filter(({ name }) => !names.includes(name))

/** Everything that is wrong with spans, rule by rule. */
export const problems = (
  spans: Iterable<SpanData>,
  rules: ReadonlyArray<SpanRule> = process,
  open: ReadonlyArray<string> = []
): ReadonlyArray<Problem> => {
  const evidence = new Evidence([...spans], open)
  return rules.flatMap((rule) =>
    Array.from(rule.problems(evidence), (problem): Problem => ({ rule: rule.name, ...problem }))
  )
}

/** What is wrong with spans in words, with a picture in which it is marked; `undefined` where nothing is. */
export const report = (
  spans: Iterable<SpanData>,
  rules: ReadonlyArray<SpanRule> = process,
  open: ReadonlyArray<string> = []
): string | undefined => {
  const all = [...spans]
  const found = problems(all, rules, open)
  if (found.length === 0) return undefined
  const bySpan = Map.groupBy(found, ({ span }) => span)
  const label = (span: SpanData): string => {
    const broken = bySpan.get(span)?.map(({ rule }) => rule)
    return broken === undefined ? span.name : `${span.name}  ← ${broken.join(", ")}`
  }
  return [
    found.length === 1 ? "There is a problem in these spans:" : `There are ${found.length} problems in these spans:`,
    ...found.map(({ rule, says, span }) => `  ${rule}: ${span === undefined ? says : `"${span.name}": ${says}`}`),
    Trace.draw(Trace.fromSpans(all), label)
  ].join("\n")
}
