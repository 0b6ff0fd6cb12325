/**
 * What Thrift's protocols have in common, as far as Jaeger's types need it: structs, lists of structs, and values.
 *
 * Fields are written in the order of their ids. Nothing is promised for a
 * struct that is not ended.
 *
 * @see https://github.com/apache/thrift/tree/master/doc/specs
 */
export interface ThriftWriter {
  /** Begins a struct; as a field of the struct around it where it has an id, else as an element or on its own. */
  begin(id?: number): void
  end(): void
  bool(id: number, value: boolean): void
  i32(id: number, value: number): void
  /** As two words: 64 bits are more than a number holds. */
  i64(id: number, high: number, low: number): void
  double(id: number, value: number): void
  text(id: number, value: string): void
  /** The elements, which are structs, follow. */
  list(id: number, size: number): void
  /** Something that was written before, by a writer of the same kind. */
  written(bytes: Uint8Array): void
  /** All that was written, as the caller's own. */
  finish(): Buffer
}

const word = 2 ** 32

/** A whole number of up to 53 bits as two words of 64. */
export const words = (value: number): readonly [high: number, low: number] => [Math.floor(value / word) | 0, value | 0]
