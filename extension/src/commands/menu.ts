/** The menu of the emulator in the status bar. */

import { type Action, choose } from '../actions';
import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Emulator Menu',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run({ server, model }: Parts): Promise<void> {
    const problem = server.state === 'noPython' || server.state === 'failed';
    const actions: Action[] = problem
        ? [
              { label: '$(refresh) Try again', command: 'kvlens.retry' },
              { label: '$(gear) Open settings', command: 'kvlens.openSettings' },
              { label: '$(output) Show log', command: 'kvlens.showLog' },
          ]
        : [
              { label: '$(copy) Copy address', command: 'kvlens.address' },
              { label: '$(terminal) Copy as curl…', command: 'kvlens.copyCurl' },
              { label: '$(debug-restart) Restart emulator', command: 'kvlens.restart' },
              { label: '$(list-tree) Show namespaces', command: 'kvlens.namespaces.focus' },
              { label: '$(output) Show log', command: 'kvlens.showLog' },
          ];
    const [only] = model.projects;
    const where = model.projects.length === 1 && only.url ? ` at ${only.url}` : '';
    await choose(problem ? server.problem : `KV emulator${where}`, actions);
}
