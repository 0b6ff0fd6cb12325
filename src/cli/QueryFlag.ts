/**
 * `--query`: where a backend can be asked for a trace.
 */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"

export const query = Flag.String("query").pipe(
  Flag.withDescription("Where traces can be asked for: http://jaeger:16686, http://tempo:3200, http://zipkin:9411"),
  Flag.filterMap(
    (text) => (/^https?:\/\//.test(text) && URL.canParse(text) ? Option.some(new URL(text)) : Option.none()),
    () => "a URL, such as http://jaeger:16686"
  ),
  Flag.optional
)
