/**
 * What every span of a workflow can be given.
 */
export interface Telling {
  /** Further attributes of this one span. */
  readonly attributes?: Readonly<Record<string, unknown>>
}

/** The `component` of spans that run workflows. */
export const executor = "executor"
