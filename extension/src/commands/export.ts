/** Export a namespace to a seed file. */

import * as vscode from 'vscode';
import { nameOf } from '../address';
import { type Contribution, type Parts, type Subject, target } from '../command';
import * as format from '../format';
import { inform } from '../messages';
import { seedsFolder } from '../seedsFolder';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Export Namespace…',
    about: 'Write a namespace to a seed file, without losing anything',
    menus: {
        'kvlens.namespace': [{ group: '2_files@2' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == namespace', group: '2_files@2' },
            { when: 'view == kvlens.namespaces && viewItem == unclaimed', group: '2_files@2' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, t('Export Namespace'));
    const folder = await seedsFolder(space.config);
    const name = space.environment === null ? [space.binding] : [space.binding, space.environment];
    const file = await vscode.window.showSaveDialog({
        title: t('Export {0} in the format of wrangler kv bulk put', nameOf(space)),
        saveLabel: t('Export'),
        // The file without an environment's name seeds the top level.
        defaultUri: vscode.Uri.joinPath(folder, [...name, 'json'].join('.')),
        filters: { [t('JSON files')]: ['json'] },
    });
    if (!file) {
        return;
    }
    const request = { ...space, file: file.toString() };
    const { keys = 0 } = await parts.server.ask('kvlens.export', request);
    const done = t('Exported {0} from {1}.', format.count(keys, 'key'), nameOf(space));
    const open = t('Open');
    if ((await inform(done, open)) === open) {
        await vscode.window.showTextDocument(file);
    }
}
