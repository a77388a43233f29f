/** The folder of a project's seed files. */

import * as vscode from 'vscode';

/** The folder of a project's config. */
function folderOf(config: string): vscode.Uri {
    return vscode.Uri.joinPath(vscode.Uri.parse(config), '..');
}

/** Return `seeds/` next to the config if it exists, or the config's own folder. */
export async function seedsFolder(config: string): Promise<vscode.Uri> {
    const seeds = vscode.Uri.joinPath(folderOf(config), 'seeds');
    try {
        await vscode.workspace.fs.stat(seeds);
        return seeds;
    } catch {
        return folderOf(config);
    }
}
