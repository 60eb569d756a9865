import { Failure } from '../base/failure.ts'

/** Settings that postern cannot start with. Each mistake is a sentence without a secret. */
export class MistakenSettings extends Failure {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    const count = mistakes.length === 1 ? 'There is a mistake' : `There are ${mistakes.length} mistakes`
    const list = mistakes.map((mistake) => `\n  - ${mistake}`).join('')
    super('configuration', `${count} in the settings:${list}`, {
      fix: 'Mend them in the environment or in .env; .env.example explains each setting.',
    })
    this.name = 'MistakenSettings'
    this.mistakes = mistakes
  }
}
