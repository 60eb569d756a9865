import { Failure } from '../../src/base/failure.ts'
import { checkChosenPassword } from '../../src/credentials/password-policy.ts'

/** Why a chosen password is refused; undefined when it is not. */
export async function refusalOfPassword(
  password: string,
  names: readonly string[],
): Promise<string | undefined> {
  try {
    await checkChosenPassword(password, names)
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid') return error.message
    throw error
  }
}
