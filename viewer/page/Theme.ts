/**
 * Dark or light: as the system has it, until somebody chooses.
 */
import { effect, signal } from "@preact/signals"

const key = "gorax-theme"
const themes = ["system", "light", "dark"] as const
export type Theme = (typeof themes)[number]

export const theme = signal<Theme>(themes.find((one) => one === localStorage.getItem(key)) ?? "system")

export const nextTheme = (): void => {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
  localStorage.setItem(key, theme.value)
}

effect(() => {
  document.documentElement.dataset["theme"] = theme.value
})
