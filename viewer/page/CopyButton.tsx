import { useSignal } from "@preact/signals"

/** Copies, and says for a moment whether that went well. */
export const CopyButton = ({ label, text }: { readonly label: string; readonly text: () => string }) => {
  const said = useSignal("")
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text())
      said.value = "Copied"
    } catch {
      said.value = "The browser forbids it"
    }
    setTimeout(() => (said.value = ""), 1500)
  }
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        {said.value || label}
      </button>
      <span role="status" class="hidden">
        {said.value}
      </span>
    </>
  )
}
