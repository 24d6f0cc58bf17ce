import type { Messages } from "../en/index.ts"

export const app: Messages["app"] = {
  loading: "正在加载",
  skip: "跳到页面内容",
  menu: "菜单",
  pages: "页面",
  page: {
    fleet: "设备",
    products: "产品",
    recordings: "记录",
    strangers: "陌生来访",
    webhooks: "Webhook",
    sinks: "数据输出",
    cluster: "集群",
    access: "访问权限",
    audit: "审计",
    docs: "API"
  },
  signOut: "退出登录",
  language: "语言",
  colours: "颜色",
  scheme: { light: "浅色", dark: "深色", auto: "跟随系统" },
  away: "Roost 没有应答。以下是之前的内容，恢复后本页会自动继续。",
  notFound: "没有这个页面",
  toFleet: "回到设备列表"
}

export const signIn: Messages["signIn"] = {
  title: "登录 Roost",
  lead: "休眠设备的前门。",
  token: "API 令牌",
  tokenHint: "启动 registry 时所用的 ROOST_API_TOKEN。",
  name: "登录名",
  password: "密码",
  byAccount: "用账号登录",
  byProvider: (name: string) => `用 ${name} 登录`,
  byToken: "用 API 令牌登录",
  submit: "登录",
  signingIn: "正在登录",
  linkHint: "npm start 会打印一个一次性的免令牌登录链接。",
  apiDocs: "API 文档",
  linkRefused: "此链接已不能登录",
  tokenRefused: "未能登录"
}

export const faults: Messages["faults"] = {
  title: "读取失败",
  unreachable: "Roost 没有应答，会自动重试。",
  again: "重试"
}

export const copy: Messages["copy"] = { copy: "复制", copied: "已复制" }

export const status: Messages["status"] = { online: "在线", offline: "离线", inactive: "从未上线", disabled: "已禁用" }

export const dialog: Messages["dialog"] = { cancel: "取消", close: "关闭", save: "保存", delete: "删除", done: "完成" }
