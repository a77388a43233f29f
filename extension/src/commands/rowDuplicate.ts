/** Add a copy of a table's row, as Ctrl+D does. */

import type { Contribution } from '../command';
import { act } from '../table/panel';

export const contribution: Contribution = {
    title: 'Duplicate',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key && kvlensWritable", group: '2_edit@2' },
        ],
        commandPalette: [{ when: 'false' }],
    },
};

export function run(): void {
    act('duplicate');
}
