/**
 * The actions a step performs: calls, transformations, scripts, credentials.
 */
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"
import type { Telling } from "./Telling.ts"

const action = (spanName: string, nameKey: string, component: string): spanCombinator.SpanCombinator<Telling> =>
  spanCombinator.make<Telling>({
    describe: (name, options) => ({
      name: spanName,
      attributes: { [nameKey]: name, [AttributeKeys.component]: component, ...options?.attributes }
    })
  })

/** An HTTP call that a step makes: an `http.action` span around the client's own. */
export const httpAction: spanCombinator.SpanCombinator<Telling> = action(
  SpanNames.httpAction,
  AttributeKeys.actionName,
  "http_action"
)

/** A reshaping of data: a `transform.action` span. The data itself is never recorded. */
export const transformAction: spanCombinator.SpanCombinator<Telling> = action(
  SpanNames.transformAction,
  AttributeKeys.actionName,
  "transform_action"
)

/** A script of the user: a `javascript.execute` span. Its source is never recorded. */
export const script: spanCombinator.SpanCombinator<Telling> = action(
  SpanNames.script,
  AttributeKeys.scriptName,
  "script"
)

export interface CredentialsOptions extends Telling {
  /** How many credentials are injected; which ones, and what they hold, is never recorded. */
  readonly count: number
}

/** The injection of credentials into a step: a `workflow.credential.inject` span that knows only their number. */
export const credentials: spanCombinator.SpanCombinator<CredentialsOptions> = spanCombinator.make<CredentialsOptions>({
  describe: (name, options) => ({
    name: SpanNames.credentials,
    attributes: {
      [AttributeKeys.nodeId]: name,
      [AttributeKeys.credentialCount]: options?.count,
      [AttributeKeys.component]: "credentials",
      ...options?.attributes
    }
  })
})
