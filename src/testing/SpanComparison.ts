/**
 * Trees beside what is expected of them: who goes with whom, and what is different.
 */
import * as Trace from "../model/Trace.ts"
import * as FieldPattern from "./FieldPattern.ts"
import * as Pairing from "./Pairing.ts"
import * as SpanFields from "./SpanFields.ts"
import * as SpanLabel from "./SpanLabel.ts"
import * as SpanPattern from "./SpanPattern.ts"

export type Node = Trace.SpanNode

/** One line of the drawing, or two where a span is there and is not as expected. */
export interface Compared {
  readonly wanted: string | undefined
  readonly there: string | undefined
  readonly isSame: boolean
  readonly children: ReadonlyArray<Compared>
  /** 0 where nothing is different, here and below. */
  readonly cost: number
}

interface Siblings {
  readonly children: ReadonlyArray<Compared>
  readonly cost: number
}

/** How siblings are compared. */
interface Manner {
  readonly ordered: boolean
  /** True where others may stand among them. */
  readonly others: boolean
}

const sizeOf = (node: Node): number => [...Trace.walk([node])].length

export class SpanComparison {
  readonly #find: SpanFields.Find
  readonly #keys: ReadonlyArray<string>
  readonly #fields = new Map<SpanPattern.SpanPattern, ReturnType<typeof SpanFields.of>>()
  readonly #known = new Map<SpanPattern.SpanPattern, Map<Node, Compared>>()

  constructor(find: SpanFields.Find, keys: ReadonlyArray<string>) {
    this.#find = find
    this.#keys = keys
  }

  siblings(patterns: ReadonlyArray<SpanPattern.SpanPattern>, nodes: ReadonlyArray<Node>, manner: Manner): Siblings {
    const compared = (wanted: number, there: number) => this.#node(patterns[wanted]!, nodes[there]!)
    const wantedSizes = patterns.map(SpanPattern.sizeOf)
    const thereSizes = nodes.map(sizeOf)
    const aloneThere = (there: number) => (manner.others ? 0 : thereSizes[there]!)
    const cost: Pairing.Cost = (wanted, there) => {
      const { cost } = compared(wanted, there)
      // Where two have less in common than each has to itself, they are not the same one changed
      return cost < wantedSizes[wanted]! + thereSizes[there]! ? cost : Infinity
    }
    const alone = { wanted: (wanted: number) => wantedSizes[wanted]!, there: aloneThere }
    const pairs = manner.ordered
      ? Pairing.ordered(patterns.length, nodes.length, cost, alone)
      : Pairing.unordered(patterns.length, nodes.length, cost)
    const thereOf = new Map(pairs)
    const taken = new Set(thereOf.values())
    const children = patterns.map((pattern, wanted) => {
      const there = thereOf.get(wanted)
      return there === undefined ? this.#missing(pattern) : compared(wanted, there)
    })
    const unexpected = manner.others
      ? []
      : nodes.filter((_, there) => !taken.has(there)).map((node) => this.#unexpected(node))
    const all = [...children, ...unexpected]
    return { children: all, cost: all.reduce((sum, { cost }) => sum + cost, 0) }
  }

  #node(pattern: SpanPattern.SpanPattern, node: Node): Compared {
    let known = this.#known.get(pattern)
    if (known === undefined) this.#known.set(pattern, (known = new Map()))
    let compared = known.get(node)
    if (compared === undefined) known.set(node, (compared = this.#compare(pattern, node)))
    return compared
  }

  #fieldsOf(pattern: SpanPattern.SpanPattern): ReturnType<typeof SpanFields.of> {
    let fields = this.#fields.get(pattern)
    if (fields === undefined) this.#fields.set(pattern, (fields = SpanFields.of(pattern, this.#find)))
    return fields
  }

  #compare(pattern: SpanPattern.SpanPattern, { children, span }: Node): Compared {
    const fields = this.#fieldsOf(pattern)
    const { mismatches, there, wanted } = FieldPattern.compare(fields, span)
    const isNamedSo = pattern.name === undefined || FieldPattern.textMatches(pattern.name, span.name)
    const patterns = SpanPattern.childrenOf(pattern)
    const below =
      patterns === undefined
        ? { children: [], cost: 0 }
        : this.siblings(patterns, children, {
            ordered: pattern.ordered === true,
            others: pattern.children === undefined
          })
    // Less than a span that is missing and another in its place, except where not even the name is right
    const own = mismatches === 0 ? 0 : isNamedSo ? 1 + mismatches / (fields.length + 1) : 2
    return {
      wanted: SpanPattern.withClue(wanted, pattern),
      there,
      isSame: mismatches === 0,
      children: below.children,
      cost: own + below.cost
    }
  }

  #missing(pattern: SpanPattern.SpanPattern): Compared {
    return {
      wanted: SpanPattern.withClue(FieldPattern.wantedLine(this.#fieldsOf(pattern)), pattern),
      there: undefined,
      isSame: false,
      children: (SpanPattern.childrenOf(pattern) ?? []).map((child) => this.#missing(child)),
      cost: SpanPattern.sizeOf(pattern)
    }
  }

  #unexpected(node: Node): Compared {
    return {
      wanted: undefined,
      there: SpanLabel.labelOf(node.span, this.#keys),
      isSame: false,
      children: node.children.map((child) => this.#unexpected(child)),
      cost: sizeOf(node)
    }
  }
}
