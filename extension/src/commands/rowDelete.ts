/** Delete a table's rows when it is saved, as the Delete key does. */

import type { Contribution } from '../command';
import { act } from '../table/panel';

export const contribution: Contribution = {
    title: 'Delete',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key && kvlensWritable", group: '2_edit@3' },
        ],
        commandPalette: [{ when: 'false' }],
    },
};

export function run(): void {
    act('delete');
}
