import type { CheckedPoint, RegistrationCheck } from '../../providers/registration-check.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { type Phrases, phrase } from '../texts/phrases.ts'
import { whatToDo } from './mistake-page.ts'
import type { PageContext } from './page-context.ts'
import { checkForm } from './provider-page.ts'
import { time } from './time.ts'

const pointWords: Record<CheckedPoint['point'], string> = {
  settings: phrase('The settings'),
  running: phrase('What runs'),
  'redirect-uri': phrase('The way back'),
  endpoint: phrase('The provider'),
  client: phrase('The client id and its secret'),
}

const outcomeWords: Record<CheckedPoint['outcome'], { word: string; card: string; state: string }> = {
  good: { word: phrase('good'), card: 'done', state: 'active' },
  wrong: { word: phrase('wrong'), card: 'mistake', state: 'lapsed' },
  unknown: { word: phrase('not known yet'), card: '', state: 'absent' },
}

/** What came of a check, point by point, and another go. */
export function registrationCheckPage(
  { provider, checkedAt, points }: RegistrationCheck,
  context: PageContext,
): Html {
  const { t, pages } = context
  return html`<p>${t`Checked at ${time(checkedAt)}`}</p>
<ul class="cards">${points.map((point) => shownPoint(point, t))}</ul>
<p><a href="${pages.path('providers', provider)}">${t`Back to the provider`}</a></p>
${checkForm(provider, context)}`
}

function shownPoint({ point, outcome, what, details = [], fix }: CheckedPoint, t: Phrases): Html {
  const { word, card, state } = outcomeWords[outcome]
  return html`<li class="card ${card}"><strong>${t.say(pointWords[point])}</strong> <span class="state ${state}">${t.say(word)}</span>
<p>${t.say(what)}</p>
${details.length > 0 && html`<ul>${details.map((detail) => html`<li>${detail}</li>`)}</ul>`}
${fix !== undefined && whatToDo(fix, t)}
</li>
`
}
