/**
 * Which rows of a box that scrolls are on the screen, kept up to date.
 */
import type { RefObject } from "preact"
import { useLayoutEffect, useState } from "preact/hooks"
import * as RowWindow from "../../src/viewer/RowWindow.ts"

export interface ScrolledWindow extends RowWindow.RowWindow {
  /** Pixels of all rows together. */
  readonly height: number
  readonly scrollTop: number
}

export const useWindow = (box: RefObject<HTMLElement | null>, count: number, rowHeight: number): ScrolledWindow => {
  const [{ clientHeight, scrollTop }, look] = useState({ clientHeight: 800, scrollTop: 0 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const update = (): void => look({ clientHeight: element.clientHeight, scrollTop: element.scrollTop })
    update()
    const observer = new ResizeObserver(update)
    observer.observe(element)
    element.addEventListener("scroll", update, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener("scroll", update)
    }
  }, [box])
  return { ...RowWindow.of(count, rowHeight, scrollTop, clientHeight), height: count * rowHeight, scrollTop }
}
