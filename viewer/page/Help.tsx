import { useEffect, useRef } from "preact/hooks"
import * as Keys from "./Keys.ts"

export const Help = () => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const close = (): void => {
    Keys.help.value = false
  }
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close} onClick={close}>
      <h2 id="help-title">Keyboard</h2>
      <dl>
        {Keys.keys.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <h2>Search</h2>
      <p>
        Words look in names, attributes, events and messages. <code>error</code>, <code>service:worker</code>,{" "}
        <code>operation:queue.*</code>, <code>tenant:acme</code>, <code>workflow:refund-order</code>,{" "}
        <code>execution:exec-1</code>, <code>step:charge-card</code>, <code>node_id=charge-*</code>,{" "}
        <code>duration&gt;1s</code>, <code>age&lt;15m</code>, <code>time&gt;2026-11-25T03:20</code>,{" "}
        <code>-healthz</code>.
      </p>
      <button type="button" onClick={close}>
        Close
      </button>
    </dialog>
  )
}
