// Run by node in the peer's own folder: decide the workload with iam-simulate's public call and print the speed.
// node engine_peer_simulate.mjs WORKLOAD SECONDS
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const work = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const seconds = Number(process.argv[3])
const identityPolicies = Object.entries(work.policies).map(([name, policy]) => ({ name, policy }))

const decide = async (request) => {
  const simulation = {
    request: {
      principal: work.principal,
      action: request.action,
      resource: { resource: request.resource, accountId: work.account },
      contextVariables: request.context,
    },
    identityPolicies,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  }
  return runSimulation(simulation, {})
}

let allowed = 0
for (const request of work.requests.slice(0, 1000)) {
  if (JSON.stringify(await decide(request)).includes('"overallResult":"Allowed"')) allowed += 1
}
let done = 0
const start = performance.now()
while (performance.now() - start < seconds * 1000) {
  for (let i = 0; i < 100; i++) await decide(work.requests[(done + i) % work.requests.length])
  done += 100
}
const perSecond = done / ((performance.now() - start) / 1000)
const installed = JSON.parse(readFileSync('node_modules/@cloud-copilot/iam-simulate/package.json', 'utf8'))
console.log(JSON.stringify({ per_second: perSecond, allowed, version: installed.version }))
