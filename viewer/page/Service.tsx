import * as TraceState from "./TraceState.ts"

/** The class that gives a service its colour: the same in every view of a trace. */
export const colourOf = (service: string): string =>
  `s${Math.max(0, TraceState.open.value?.services.indexOf(service) ?? 0) % 8}`

export const Service = ({ name }: { readonly name: string }) => (
  <span class={`service ${colourOf(name)}`}>
    <i aria-hidden="true" />
    {name}
  </span>
)
