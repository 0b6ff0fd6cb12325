import { mask } from "../../src/model/Mask.ts"
import { go } from "./Route.ts"

/** Something in it was masked before it left its process. */
export const isMasked = (value: unknown): boolean => String(value).includes(mask)

const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** Press a key to look for its like in the trace. */
export const AttributeTable = ({
  entries,
  label
}: {
  entries: Iterable<readonly [string, unknown]>
  label: string
}) => (
  <table aria-label={label}>
    <tbody>
      {[...entries].map(([key, value]) => (
        <tr key={key}>
          <th scope="row">
            <button
              type="button"
              title="Find spans with this value"
              onClick={() => go({ find: `${key}="${String(value).replaceAll('"', "*")}"` }, true)}
            >
              {key}
            </button>
          </th>
          <td>
            {written(value)}
            {isMasked(value) && <b class="badge warn">masked</b>}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
