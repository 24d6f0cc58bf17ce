/** One thing that is wrong with a request, as RFC 9457 documents of Roost list them. */
interface RequestFault {
  readonly path: ReadonlyArray<string | number>
  readonly message: string
}

interface Problem {
  readonly title?: string
  readonly detail?: string
  readonly errors?: ReadonlyArray<RequestFault>
}

/** A refusal of the registry, and why. */
export class ApiFault extends Error {
  override readonly name = "ApiFault"
  readonly status: number
  readonly errors: ReadonlyArray<RequestFault>

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`)
    this.status = status
    this.errors = problem.errors ?? []
  }
}

/** The registry did not answer, or something before it said that it does not. */
export class Unreachable extends Error {
  override readonly name = "Unreachable"
}

/** Whether the same request may do better by itself. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof ApiFault && error.status === 503)

export const faultOf = async (response: Response): Promise<ApiFault> => {
  const text = await response.text()
  try {
    return new ApiFault(response.status, JSON.parse(text) as Problem)
  } catch {
    return new ApiFault(response.status, { title: text.slice(0, 200) })
  }
}
