/** Open the value of a row in the view. */

import type { Contribution } from '../command';

export const contribution: Contribution = {
    title: 'Open Value',
    menus: {
        'webview/context': [
            { when: "webviewId == 'kvlens.table' && webviewSection == key", group: '1_open@1' },
        ],
        commandPalette: [{ when: 'false' }],
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '1_open@1',
            },
        ],
    },
};

export { run } from './get';
