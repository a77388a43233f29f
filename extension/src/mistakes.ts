/** Show how many mistakes files have, and open the first. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import * as format from './format';
import { fail } from './messages';
import type { Mistakes } from './server';

/** Show an error with the number of mistakes; the Problems panel lists those of open files. */
export async function showMistakes(files: Mistakes[]): Promise<void> {
    const [first] = files;
    const mistakes = format.count(
        files.reduce((sum, { count }) => sum + count, 0),
        'mistake',
    );
    const name = path.posix.basename(vscode.Uri.parse(first.file).path);
    const where = files.length === 1 ? name : vscode.l10n.t('{0} files', files.length);
    const open = vscode.l10n.t('Open at First');
    const text = vscode.l10n.t('{0} in {1}. Nothing was written.', mistakes, where);
    if ((await fail(text, open)) === open) {
        const { start, end } = first.range;
        const selection = new vscode.Range(start.line, start.character, end.line, end.character);
        await vscode.window.showTextDocument(vscode.Uri.parse(first.file), { selection });
    }
}
