import { words } from './words.ts';

export const common = words({
  en: {
    'tab.dashboard': 'Dashboard',
    'tab.syncData': 'Sync Data',
    'tab.friends': 'Friends',
    'tab.help': 'Help',
    loading: 'Loading',
  },
  ja: {
    'tab.dashboard': 'ダッシュボード',
    'tab.syncData': '連携データ',
    'tab.friends': '友だち',
    'tab.help': 'ヘルプ',
    loading: '読み込み中',
  },
});
