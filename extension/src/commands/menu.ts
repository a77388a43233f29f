/** The menu of the emulator in the status bar. */

import * as vscode from 'vscode';
import { type Action, choose } from '../actions';
import type { Contribution, Parts } from '../command';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Emulator Menu',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run({ server, model }: Parts): Promise<void> {
    const problem = server.state === 'noPython' || server.state === 'failed';
    const actions: Action[] = problem
        ? [
              { label: `$(refresh) ${t('Try again')}`, command: 'kvlens.retry' },
              { label: `$(gear) ${t('Open settings')}`, command: 'kvlens.openSettings' },
              { label: `$(output) ${t('Show log')}`, command: 'kvlens.showLog' },
          ]
        : [
              { label: `$(copy) ${t('Copy address')}`, command: 'kvlens.address' },
              { label: `$(terminal) ${t('Copy as curl…')}`, command: 'kvlens.copyCurl' },
              { label: `$(debug-restart) ${t('Restart emulator')}`, command: 'kvlens.restart' },
              { label: `$(list-tree) ${t('Show namespaces')}`, command: 'kvlens.namespaces.focus' },
              { label: `$(output) ${t('Show log')}`, command: 'kvlens.showLog' },
          ];
    const [only] = model.projects;
    const url = model.projects.length === 1 ? only.url : null;
    const title = url ? t('KV emulator at {0}', url) : t('KV emulator');
    await choose(problem ? server.problem : title, actions);
}
