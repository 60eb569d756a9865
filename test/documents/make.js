// npm run docs: makes those parts of the pages in docs/ anew that are made from the product itself.
import { readFile, writeFile } from 'node:fs/promises'
import { runCommand } from '#built/cli/program.js'
import { partsOfConfig } from '#built/config/reload.js'
import { settingList } from '#built/config/settings.js'
import { catalogue } from '#built/failures/catalogue.js'
import { knownErrors } from '#built/providers/errors/known-errors.js'
import { sources } from '#built/providers/errors/sources.js'
import { openApiDocument } from '#built/web/api/openapi.js'
import { apiPart } from './api-page.js'
import { commandPart } from './command-page.js'
import { errorsPart } from './errors-page.js'
import { pathOf, withMadePart } from './made-part.js'
import { providerErrorsPart } from './provider-errors-page.js'
import { settingsPart } from './settings-page.js'

const parts = {
  'api.md': apiPart(openApiDocument('')),
  'command.md': await commandPart(runCommand),
  'errors.md': errorsPart(catalogue),
  'provider-errors.md': providerErrorsPart(knownErrors, sources),
  'settings.md': settingsPart(
    await readFile(pathOf('../.env.example'), 'utf8'),
    settingList.map(([, setting]) => setting),
    partsOfConfig,
  ),
}
for (const [name, part] of Object.entries(parts)) {
  const path = pathOf(name)
  await writeFile(path, withMadePart(await readFile(path, 'utf8'), part))
}
