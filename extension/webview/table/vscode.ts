/** What the webview has of VS Code's API, for modules that it shares with the extension. */

import { t } from './host';

export const l10n = { t };
