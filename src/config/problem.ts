/** A problem of a configuration file, with its place. */

export interface Problem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The key, `routes[0].to`; or `(file)` or `(syntax)` where no key is to blame. */
  readonly path: string
  /** What is wrong, and what was expected. Never holds a secret. */
  readonly message: string
}

/** `FILE:LINE:COL path: what is wrong, what was expected` */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path}: ${message}`
}

/** In the order of the file; of several problems with the same key at the same place the first one. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const isRepeated = (problem: Problem, index: number): boolean =>
    sorted.findIndex(
      ({ line, column, path }) => line === problem.line && column === problem.column && path === problem.path,
    ) < index
  return sorted.filter((problem, index) => !isRepeated(problem, index))
}
