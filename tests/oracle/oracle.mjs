// One simulation a line on standard input, one answer a line on standard output.
// usage: node oracle.mjs DIRECTORY, where DIRECTORY/node_modules holds @cloud-copilot/iam-simulate
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(resolve(process.argv[2], 'package.json'))
const { runSimulation } = require('@cloud-copilot/iam-simulate')

async function answer(simulation) {
  const found = await runSimulation(simulation, { simulationMode: 'Strict' })
  if (found.resultType !== 'single') return { error: JSON.stringify(found.errors ?? found.resultType) }
  const levels = found.result.analysis.scpAnalysis?.ouAnalysis ?? []
  return {
    decision: found.overallResult,
    ignored: found.result.ignoredContextKeys,
    denials: levels.flatMap((level) => level.denyStatements.map((s) => [s.policyId, s.explain.identifier])),
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
}
