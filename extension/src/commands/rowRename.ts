/** Rename the key of a table's row, as F2 does. */

import type { Contribution } from '../command';
import { act } from '../table/panel';

export const contribution: Contribution = {
    title: 'Rename',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key && kvlensWritable", group: '2_edit@1' },
        ],
        commandPalette: [{ when: 'false' }],
    },
};

export function run(): void {
    act('rename');
}
