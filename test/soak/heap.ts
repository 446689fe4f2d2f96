/** What lives leave behind: the heap after a collection, whenever a life is over. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A life that stays behind is several times as large; code that is compiled late, and figures, are less. In bytes. */
export const MOST_GROWTH_PER_LIFE = 200 * 1024

export class Heap {
  readonly #looks: { readonly life: number; readonly bytes: number }[] = []

  /** Asks after so many lives. @returns bytes in use */
  look(life: number): number {
    collect()
    const bytes = process.memoryUsage().heapUsed
    this.#looks.push({ life, bytes })
    return bytes
  }

  /** Bytes per life, over the second half of the looks (least squares): the first half warms up. 0 below two looks. */
  get growth(): number {
    const half = this.#looks.slice(Math.floor(this.#looks.length / 2))
    const mean = (of: (look: { life: number; bytes: number }) => number): number =>
      half.reduce((sum, look) => sum + of(look), 0) / half.length
    const [life, bytes] = [mean((look) => look.life), mean((look) => look.bytes)]
    const spread = half.reduce((sum, look) => sum + (look.life - life) ** 2, 0)
    if (spread === 0) return 0
    return half.reduce((sum, look) => sum + (look.life - life) * (look.bytes - bytes), 0) / spread
  }
}

/** Which objects somebody still holds after a collection: exact where the heap's size is weather. */
export class Remains {
  readonly #watched: { readonly name: string; readonly object: WeakRef<object> }[] = []

  /** @param objects by the names that {@link left} gives */
  watch(objects: Record<string, object>): void {
    for (const [name, object] of Object.entries(objects)) this.#watched.push({ name, object: new WeakRef(object) })
  }

  /** @returns the names of those that are still held, each as often as it is */
  async left(): Promise<string[]> {
    // What a reference was made of is kept until the job that did so is over.
    await new Promise((resolve) => setTimeout(resolve, 1))
    collect()
    return this.#watched.filter(({ object }) => object.deref()).map(({ name }) => name)
  }
}
