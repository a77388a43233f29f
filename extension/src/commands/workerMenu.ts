/** The menu of the Worker in the status bar. */

import { choose } from '../actions';
import type { Contribution } from '../command';

export const contribution: Contribution = {
    title: 'Worker Menu',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run(): Promise<void> {
    await choose('Worker', [
        { label: '$(link-external) Open in browser', command: 'kvlens.browse' },
        { label: '$(output) Show output', command: 'kvlens.showOutput' },
        { label: '$(debug-restart) Restart', command: 'kvlens.run' },
        { label: '$(debug-stop) Stop', command: 'kvlens.stop' },
    ]);
}
