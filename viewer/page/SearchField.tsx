import { useEffect, useRef } from "preact/hooks"

interface Props {
  readonly label: string
  readonly placeholder: string
  readonly value: string
  readonly change: (value: string) => void
  readonly enter?: (back: boolean) => void
}

/** Says what was typed when typing rests, so that not every letter is a search. */
export const SearchField = ({ change, enter, label, placeholder, value }: Props) => {
  const field = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (field.current !== null && field.current !== document.activeElement) field.current.value = value
  }, [value])
  const say = (): void => {
    clearTimeout(timer.current)
    if (field.current !== null) change(field.current.value)
  }
  return (
    <input
      ref={field}
      type="search"
      aria-label={label}
      placeholder={placeholder}
      defaultValue={value}
      spellcheck={false}
      autocomplete="off"
      onInput={() => {
        clearTimeout(timer.current)
        timer.current = setTimeout(say, 150)
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return
        say()
        enter?.(event.shiftKey)
      }}
    />
  )
}
