import { Failure, type FailureCode, type FilledFailure } from '../../src/base/failure.ts'

/** A failure as a test needs it, without an entry of its own in the catalogue. */
export function filledAs(
  code: FailureCode,
  message: string,
  details: Partial<FilledFailure> = {},
): FilledFailure {
  return { id: 'postern.fault', values: {}, code, message, ...details }
}

export function failureAs(code: FailureCode, message: string, details: Partial<FilledFailure> = {}): Failure {
  return new Failure(filledAs(code, message, details))
}
